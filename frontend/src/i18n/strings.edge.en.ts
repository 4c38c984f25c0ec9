/** Words of a token's off-cloud percentile, in English. */

export default {
  "edge.supported": "tells {kinds} from natural text at this site",
  "edge.none":
    "not shown: at this site it does not tell other text from natural text (Meaning, Edge)",
  "edge.inverted":
    "not shown: at this site other text lies nearer to the cloud than natural text (Meaning, Edge)",
  "edge.untested": "whether it tells anything here is not measured yet (Meaning, Edge)",
  "edge.unread": "says nothing of this token: the model cannot read it",
};
