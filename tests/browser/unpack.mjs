// Unpacks the Chromium of @sparticuz/chromium into the folder given: the package itself only knows the temporary folder.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

process.env.TMPDIR = process.argv[2];
const { inflate } = await import("@sparticuz/chromium");
const archives = join(dirname(fileURLToPath(import.meta.resolve("@sparticuz/chromium"))), "..", "bin");
// The fourth archive, a software WebGL, is left packed: no page of ours draws in three dimensions.
await Promise.all(["chromium.br", "fonts.tar.br", "al2023.tar.br"].map((name) => inflate(join(archives, name))));
