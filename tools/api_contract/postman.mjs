// Converts an OpenAPI description, whose path is the argument, to a Postman collection; prints it.
import { readFileSync } from "node:fs";

// The converter makes values up where the description has no example: the same ones at each run.
let seed = 1;
Math.random = () => {
  seed = (seed * 48271) % 2147483647;
  return seed / 2147483647;
};

// Only now: the converter keeps the function that it finds.
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
