/** A lab made up for tests: what it offers, its trainings, and the page with it open. */
import { after, placed } from "./made.mjs";

export const numbers = [
  {
    name: "learning_rate",
    title_en: "Learning rate",
    title_zh: "学习率",
    low: 1e-5,
    high: 1,
    default: 0.001,
    log: true,
  },
  {
    name: "batch",
    title_en: "Batch",
    title_zh: "批次",
    low: 1,
    high: 4096,
    default: 512,
    whole: true,
    log: true,
  },
  { name: "seed", title_en: "Seed", title_zh: "种子", low: 0, high: 1e9, default: 0, whole: true },
];
export const task = (name, more = {}) => ({
  name,
  title_en: name,
  title_zh: name,
  about_en: "",
  about_zh: "",
  text: false,
  numbers,
  optimizer: "adamw",
  ...more,
});
export const OFFER = {
  tasks: [task("modular-addition"), task("text", { text: true })],
  optimizers: ["sgd", "momentum", "adam", "adamw"],
  limits: { running: 2, kept: 8, minutes: 10, bytes: 1e8, text_bytes: 20 },
};
export const job = (id, more = {}) => ({
  id,
  run: `run-${id}`,
  title: id,
  task: "modular-addition",
  optimizer: "adamw",
  numbers: { learning_rate: 0.002, batch: 64, seed: 3 },
  status: "running",
  step: 10,
  steps: 100,
  ...more,
});
export const opened = (...more) =>
  after([{ type: "lab.toggle" }, { type: "lab.offer", offer: OFFER }, ...more], placed());

/** Lines of a log: step, accuracy on what was learned and on what was not. */
export const rows = (...points) =>
  points.map(([step, train_accuracy, test_accuracy]) => ({
    step,
    train_accuracy,
    test_accuracy,
    train_loss: 1,
    test_loss: 2,
  }));
