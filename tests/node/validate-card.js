// Reads an Adaptive Card from standard input and prints, as JSON, what Microsoft's renderer has against it.
const { AdaptiveCard, SerializationContext, Versions } = require("adaptivecards/dist/adaptivecards.js");

let text = "";
process.stdin.on("data", (piece) => (text += piece));
process.stdin.on("end", () => {
  const context = new SerializationContext(Versions.v1_5);
  const card = new AdaptiveCard();
  card.parse(JSON.parse(text), context);
  const complaints = [];
  for (let i = 0; i < context.eventCount; i++) complaints.push(context.getEventAt(i).message);
  for (const failure of card.validateProperties().validationEvents)
    complaints.push(failure.message);
  console.log(JSON.stringify(complaints));
});
