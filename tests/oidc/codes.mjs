// One-time codes as otplib makes them: reads [[secret, seconds], …] as JSON, writes the codes as JSON.
import { readFileSync } from "node:fs";
import { generateSync } from "otplib";

const asked = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(asked.map(([secret, epoch]) => generateSync({ secret, epoch }))));
