// Prints the differences of two OpenAPI descriptions as JSON. The arguments are their paths.
import { readFileSync } from "node:fs";
import { apiCompare } from "api-smart-diff";

const [before, after] = process.argv.slice(2, 4).map((path) => JSON.parse(readFileSync(path, "utf8")));
const { diffs } = apiCompare(before, after);
console.log(JSON.stringify(diffs.map(({ action, type, path, description }) => ({ action, type, path, description }))));
