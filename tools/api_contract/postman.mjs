// Prints the Postman collection of an OpenAPI description. The argument is the description's path.
import { readFileSync } from "node:fs";

// The converter invents values where the description has no example. A fixed seed makes every run
// produce the same ones.
let seed = 1;
Math.random = () => {
  seed = (seed * 48271) % 2147483647;
  return seed / 2147483647;
};

// Import the converter only now, because it keeps the Math.random that it finds.
const { default: Converter } = await import("openapi-to-postmanv2");
const source = { type: "string", data: readFileSync(process.argv[2], "utf8") };
const options = { folderStrategy: "Tags", requestNameSource: "Fallback", parametersResolution: "Example" };
Converter.convertV2(source, options, (failure, converted) => {
  if (failure || !converted.result) {
    console.error(failure ?? converted.reason);
    process.exit(1);
  }
  console.log(JSON.stringify(converted.output[0].data));
});
