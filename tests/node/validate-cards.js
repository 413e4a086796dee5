// Reads a list of Adaptive Cards from standard input and prints, as JSON, what Microsoft's renderer has against each.
const { AdaptiveCard, SerializationContext, Versions } = require("adaptivecards/dist/adaptivecards.js");

function complaints(json) {
  const context = new SerializationContext(Versions.v1_5);
  const card = new AdaptiveCard();
  card.parse(json, context);
  const found = [];
  for (let i = 0; i < context.eventCount; i++) found.push(context.getEventAt(i).message);
  for (const failure of card.validateProperties().validationEvents) found.push(failure.message);
  return found;
}

let text = "";
process.stdin.on("data", (piece) => (text += piece));
process.stdin.on("end", () => console.log(JSON.stringify(JSON.parse(text).map(complaints))));
