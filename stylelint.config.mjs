/** Faults of style sheets; their order and names are our own, and browsers of some years ago are served. */

export default {
  extends: ["stylelint-config-standard"],
  rules: {
    "alpha-value-notation": "number",
    "import-notation": "string",
    "media-feature-range-notation": "prefix",
    "no-descending-specificity": null,
    "property-no-vendor-prefix": null,
    "selector-class-pattern": null,
    "selector-id-pattern": null,
    "selector-not-notation": null,
  },
};
