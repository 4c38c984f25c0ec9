/** The scene's GLSL, and a program made of it. */

/** A linked program with its uniforms' places; throws what the compiler said. */
export function link(
  gl: WebGLRenderingContext,
  {
    vertex,
    fragment,
    attributes,
  }: { vertex: string; fragment: string; attributes: readonly string[] },
) {
  const program = gl.createProgram() as WebGLProgram;
  for (const [type, text] of [
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ] as [number, string][]) {
    const shader = gl.createShader(type) as WebGLShader;
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost())
      throw new Error(`shader: ${gl.getShaderInfoLog(shader)}`);
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  attributes.forEach((name, at) => gl.bindAttribLocation(program, at, name));
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost())
    throw new Error(`shader: ${gl.getProgramInfoLog(program)}`);
  const uniforms: Record<string, WebGLUniformLocation | null> = {};
  const count = gl.isContextLost() ? 0 : gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS);
  for (let i = 0; i < count; i++) {
    const name = (gl.getActiveUniform(program, i) as WebGLActiveInfo).name;
    uniforms[name] = gl.getUniformLocation(program, name);
  }
  return { program, uniforms };
}

const FADE = `
uniform vec3 depth;  // nearest, farthest, how much the farthest loses
float seen(float w) { return 1. - depth.z * smoothstep(depth.x, depth.y, w); }
`;

/** Soft discs: two places and two colours a point, mixed on the way. */
export const CLOUD = {
  attributes: ["a", "b", "colorA", "colorB"],
  vertex: `
precision highp float;
attribute vec4 a, b;  // place and size
attribute vec4 colorA, colorB;
uniform mat4 transform;
uniform float t, size, middle, largest;
uniform vec4 back;  // background colour, how far distant points turn into it
varying vec4 color;
varying float soft, hollow;
${FADE}
void main() {
  vec4 p = mix(a, b, t);
  gl_Position = transform * vec4(p.xyz, 1.);
  float w = max(gl_Position.w, 1e-3);
  hollow = p.w < 0. ? 1. : 0.;  // a ring
  float wanted = abs(p.w) * size * pow(middle / w, .72);
  float drawn = clamp(wanted, 1.6, largest);
  gl_PointSize = drawn;
  color = mix(colorA, colorB, t);
  float kept = seen(w);
  color.rgb = mix(back.rgb, color.rgb, 1. - back.a * (1. - kept));
  color.a *= kept * min(1., wanted * wanted / (drawn * drawn)) * smoothstep(.02, .3, w / middle);
  soft = clamp(3.6 / drawn, .42, .95);
}`,
  fragment: `
precision mediump float;
uniform float alpha;
varying vec4 color;
varying float soft, hollow;
void main() {
  float r = 2. * length(gl_PointCoord - .5);
  float k = color.a * alpha * (1. - smoothstep(1. - soft, 1., r))
    * mix(1., smoothstep(.38, .62, r), hollow);
  if (k < .004) discard;
  gl_FragColor = vec4(min(color.rgb * (1.1 - .22 * r), 1.) * k, k);
}`,
};

/** Filaments: one instance a segment, a strip along its curve, widened on screen. */
export const RIBBON = {
  attributes: ["corner", "p0", "p1", "p2", "p3", "info"],
  vertex: `
precision highp float;
attribute vec2 corner;  // along the segment 0..1, across -1..1
attribute vec3 p0, p1, p2, p3;
attribute vec4 info;  // first site (-1: none), strength, trust, token
uniform mat4 transform;
uniform vec2 viewport;  // device pixels
uniform vec2 reach;  // current site, last site
uniform vec3 taper;  // full width, px: at the first site, at the last, of what is to come
uniform float glow;  // pixels of glow beyond the edge
uniform float comet;  // 1: only what is about the current site
uniform vec4 open;  // two tokens whose whole path is drawn, and how far each has unfolded
varying float way, bloom, spread, tail, bell;
varying float site, across, core, run, strength, trust, kept;
${FADE}
vec3 tangent(vec3 chord, float left, float right) {
  vec3 m = .5 * chord;
  return m * min(1., min(left, right) / max(length(m), 1e-9));
}
vec2 screen(vec3 p) {
  vec4 c = transform * vec4(p, 1.);
  return .5 * viewport * c.xy / max(c.w, .01);
}
void main() {
  vec3 step = p2 - p1;
  float span = length(step);
  vec3 m1 = tangent(p2 - p0, length(p1 - p0), span), m2 = tangent(p3 - p1, span, length(p3 - p2));
  float u = corner.x, u2 = u * u, u3 = u2 * u;
  vec3 p = (2. * u3 - 3. * u2 + 1.) * p1 + (u3 - 2. * u2 + u) * m1
    + (3. * u2 - 2. * u3) * p2 + (u3 - u2) * m2;
  vec3 along = (6. * u2 - 6. * u) * (p1 - p2)
    + (3. * u2 - 4. * u + 1.) * m1 + (3. * u2 - 2. * u) * m2;
  vec4 clip = transform * vec4(p, 1.), slope = transform * vec4(along, 0.);
  vec2 course = (slope.xy * clip.w - clip.xy * slope.w) * viewport;
  float size = length(course);
  vec2 normal = size > 1e-7 ? vec2(-course.y, course.x) / size : vec2(0.);
  vec2 q1 = screen(p1), q2 = screen(p2);
  float chord = length(q2 - q1);
  run = u * chord;
  // short steps glow less: their glows would pile up to stars
  bloom = smoothstep(1., 16.,
    mix(min(length(q1 - screen(p0)), chord), min(chord, length(screen(p3) - q2)), u));
  site = info.x + u;
  strength = info.y;
  trust = info.z;
  float past = smoothstep(reach.x - .02, reach.x + .06, site);
  way = clamp(.5 * site / max(reach.y, 1.) + .5 * site / max(reach.x, 1.5), 0., 1.);
  float whole = max(abs(info.w - open.x) < .5 ? open.y : 0.,
    abs(info.w - open.z) < .5 ? open.w : 0.);
  tail = comet * (1. - whole);
  float off = abs(site - reach.x);
  bell = clamp(1. - off / 2.3, 0., 1.);
  float width = mix(mix(taper.x, taper.y, pow(way, 1.3)), taper.z, past);
  float slim = mix(taper.x * .5, taper.y * mix(1.15, .6, past), bell);
  width = mix(width, slim, tail) * mix(.7, 1., trust);
  core = .5 * width;
  spread = glow * bloom * (1. - past) * mix(1., bell, tail);
  across = corner.y * (core + 1. + spread);
  clip.xy += normal * across / viewport * 2. * clip.w;
  kept = seen(max(clip.w, 1e-3));
  bool gone = info.x < 0. || (tail > .99 && abs(info.x + .5 - reach.x) > 2.9);
  gl_Position = gone ? vec4(2., 2., 2., 1.) : clip;
}`,
  fragment: `
precision highp float;
uniform vec3 color;
uniform vec3 fade;  // opacity: at the first site, at the last, of what is to come
uniform vec2 reach;
uniform vec2 dash;  // period in pixels, part drawn
uniform vec2 halo;  // brightness of the glow, its share of opacity
uniform float lift;
varying float site, across, core, run, strength, trust, kept, way, bloom, spread;
varying float tail, bell;
void main() {
  float d = abs(across);
  float past = smoothstep(reach.x - .02, reach.x + .06, site);
  float k = mix(mix(fade.x, fade.y, way * way * (3. - 2. * way)), fade.z, past);
  k = mix(k, fade.y * bell * bell * mix(1., .42, past), tail)
    * strength * kept * mix(.4, 1., trust);
  float part = min(dash.y, mix(.5, 1.2, smoothstep(.15, .6, trust)));
  float place = abs(fract(run / dash.x) - .5) * 2.;
  k *= part >= 1. ? 1. : 1. - smoothstep(part - .18, part + .18, place);
  float edge = 1. - smoothstep(core - .6, core + .7, d);
  float g = spread > 0.
    ? exp(-3.6 * d * d / ((core + spread) * (core + spread))) * (1. - past) : 0.;
  float near = exp(-5. * abs(site - reach.x)) * (1. - past);
  vec3 lit = mix(color, vec3(1.), lift * near * edge);
  float body = edge * k;
  float around = g * k * halo.x * (1. - edge) * way * bloom * smoothstep(.2, .8, trust);
  gl_FragColor = vec4(lit * (body + around), body + around * halo.y);
}`,
};

/** Beads and rings: one sprite each. */
export const SPRITE = {
  attributes: ["place", "color", "shape"],
  vertex: `
precision highp float;
attribute vec3 place;
attribute vec4 color;
attribute vec3 shape;  // size in pixels, kind (0 bead, 1 ring), glow
uniform mat4 transform;
uniform float middle, pixel;
varying vec4 tint;
varying vec3 form;
varying float pixelPart;
${FADE}
void main() {
  gl_Position = transform * vec4(place, 1.);
  float w = max(gl_Position.w, 1e-3);
  float core = shape.x * (shape.y > .5 ? 1. : clamp(pow(middle / w, .5), .6, 1.7));
  float whole = shape.y > .5 ? core + 6. * pixel : core * (2.2 + 2.6 * shape.z);
  gl_PointSize = whole;
  tint = vec4(color.rgb, color.a * seen(w));
  form = vec3(core / whole, shape.y, shape.z);
  pixelPart = 2. * pixel / whole;
}`,
  fragment: `
precision mediump float;
uniform vec2 halo;  // brightness of the glow, its share of opacity
uniform vec4 rim;  // colour of a bead's rim, its opacity
uniform float heart;  // how white a bead's middle is
varying vec4 tint;
varying vec3 form;
varying float pixelPart;
void main() {
  float r = 2. * length(gl_PointCoord - .5);
  float px = pixelPart;
  if (form.y > .5) {
    float ring = 1. - smoothstep(.6 * px, 1.5 * px, abs(r - form.x));
    float bloom = exp(-pow((r - form.x) / (4. * px), 2.)) * .35 * halo.x;
    gl_FragColor = vec4(tint.rgb * tint.a * (ring + bloom), tint.a * (ring + bloom * halo.y));
    return;
  }
  float disc = 1. - smoothstep(form.x - px, form.x + .6 * px, r);
  float edge = (1. - smoothstep(form.x + .9 * px, form.x + 2.3 * px, r)) * rim.a * form.z;
  vec3 body = mix(tint.rgb, vec3(1.), heart * (1. - smoothstep(0., form.x * .8, r)));
  float g = exp(-r * r * 9.) * (1. - smoothstep(.7, 1., r)) * halo.x * form.z;
  vec3 under = rim.rgb * edge * (1. - disc);
  float solid = disc + edge * (1. - disc);
  float around = g * (1. - solid);
  gl_FragColor = tint.a * vec4(body * disc + under + tint.rgb * around, solid + around * halo.y);
}`,
};

/** Who lies beside the paths: small dim discs, two places each, mixed on the way. */
export const GHOST = {
  attributes: ["a", "b", "mark"],
  vertex: `
precision highp float;
attribute vec3 a, b;
attribute vec3 mark;  // site, token, rank
uniform mat4 transform;
uniform float t, size, middle, site, comet;
uniform vec4 open;  // two tokens whose whole path is drawn, and how far each has unfolded
varying float strength;
${FADE}
void main() {
  vec4 p = transform * vec4(mix(a, b, t), 1.);
  float w = max(p.w, 1e-3);
  float whole = max(abs(mark.y - open.x) < .5 ? open.y : 0.,
    abs(mark.y - open.z) < .5 ? open.w : 0.);
  float bell = clamp(1. - abs(mark.x - site) / 2.3, 0., 1.);
  float dust = mark.z < .5 ? mix(.3, .5 * bell, comet) : 0.;
  float node = 1. - smoothstep(.02, .2, abs(mark.x - floor(mark.x + .5)));
  strength = max(dust, whole * mix(.62, 1., node) * (mark.z < .5 ? 1. : .8)) * seen(w);
  gl_PointSize = size * mix(.62, 1., node) * mix(.8, 1.25, whole)
    * clamp(pow(middle / w, .5), .6, 1.6);
  gl_Position = strength < .02 ? vec4(2., 2., 2., 1.) : p;
}`,
  fragment: `
precision mediump float;
uniform vec4 tint;  // colour, opacity
varying float strength;
void main() {
  float r = 2. * length(gl_PointCoord - .5);
  float k = tint.a * strength * (1. - smoothstep(.45, 1., r));
  if (k < .004) discard;
  gl_FragColor = vec4(tint.rgb * k, k);
}`,
};
