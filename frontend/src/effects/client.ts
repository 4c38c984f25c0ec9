/** The line to the server: one WebSocket that comes back by itself, and a few GETs. */

import { decodeMessage } from "../protocol/safetensors.ts";
import { tapeHere } from "./tape.ts";
import type { Dispatch } from "../state/messages.ts";
import type { Failure } from "../protocol/failure.ts";
import type { ClientMessage } from "../protocol/wire.ts";

const FIRST = 0.4;
const LONGEST = 12;

/**
 * Seconds to wait before attempt n (0, 1, 2 …): doubling to a limit, spread by `chance` in 0..1.
 */
export function backoff(attempt: number, chance: number) {
  return Math.min(LONGEST, FIRST * 2 ** Math.min(attempt, 10)) * (0.75 + 0.5 * chance);
}

/** An answer of the server that is an error, in its words. */
export class Refusal extends Error {
  code: string;
  chinese: string;

  constructor(code: string, message: string, chinese = "") {
    super(message);
    this.code = code;
    this.chinese = chinese;
  }
}

export function failureOf(error: unknown): Failure {
  if (error instanceof Refusal)
    return { code: error.code, message: error.message, message_zh: error.chinese };
  return { code: "no_answer", message: error instanceof Error ? error.message : String(error) };
}

async function get(path: string, options?: RequestInit) {
  const tape = tapeHere();
  const response = tape ? tape.answer(path) : await fetch(new URL(path, document.baseURI), options);
  if (response.ok) return response;
  const body = await response.json().catch(() => null);
  throw new Refusal(
    body?.error?.code ?? `http_${response.status}`,
    body?.error?.message ?? response.statusText,
    body?.error?.message_zh,
  );
}

export async function getJson(path: string) {
  return (await get(path)).json();
}

/** Asks for a change: the answer as JSON. */
export async function askJson(method: "POST" | "DELETE", path: string, body?: unknown) {
  const own =
    body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  return (await get(path, { method, ...own })).json();
}

export async function getBytes(path: string, signal?: AbortSignal) {
  return (await get(path, { signal })).arrayBuffer();
}

export async function postBytes(path: string, body: unknown, signal?: AbortSignal) {
  return (
    await get(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal,
    })
  ).arrayBuffer();
}

/**
 * A connection that is kept: lost, it is tried again with back-off; `dispatch` hears of everything.
 */
export function connect(dispatch: Dispatch) {
  const tape = tapeHere();
  return tape ? tape.connect(dispatch) : stream(dispatch);
}

function stream(dispatch: Dispatch) {
  const url = new URL("api/stream", document.baseURI);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  let socket: WebSocket | null = null;
  let attempt = 0;
  let timer = 0;

  function open() {
    clearTimeout(timer);
    const mine = new WebSocket(url);
    socket = mine;
    mine.binaryType = "arraybuffer";
    mine.onmessage = ({ data }) => {
      if (mine !== socket) return;
      const message = read(data);
      if (message?.type === "hello") attempt = 0;
      if (message) dispatch(message);
    };
    mine.onclose = () => {
      if (mine === socket) wait(backoff(attempt++, Math.random()));
    };
  }

  /** Counts down in whole seconds, so that the page can say when. */
  function wait(seconds: number) {
    socket = null;
    dispatch({ type: "connection", status: "lost", retryIn: Math.ceil(seconds) });
    clearTimeout(timer);
    timer = window.setTimeout(
      () => (seconds > 1 ? wait(seconds - 1) : open()),
      Math.min(1, seconds) * 1000,
    );
  }

  function again() {
    if (!socket) open();
  }

  function close() {
    const last = socket;
    window.removeEventListener("online", again);
    clearTimeout(timer);
    socket = null;
    last?.close();
  }

  window.addEventListener("online", again);
  open();
  return {
    /** Sends when the line is open; says whether it did. */
    send(message: ClientMessage) {
      if (socket?.readyState !== WebSocket.OPEN) return false;
      socket.send(JSON.stringify(message));
      return true;
    },
    again,
    close,
  };
}

/** A frame of the socket as a message; null (and a word on the console) when it makes no sense. */
function read(data: string | ArrayBuffer) {
  try {
    if (typeof data === "string") return JSON.parse(data);
    return decodeMessage(data);
  } catch (error) {
    console.warn("a message of the server cannot be read:", error);
    return null;
  }
}
