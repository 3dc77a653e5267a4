/** The first bytes of files that people find where they expect data, and what to call them. */
const SIGNATURES: [name: string, bytes: string | number[]][] = [
  ["a gzip file", [0x1f, 0x8b]],
  ["an IDX file of images", [0, 0, 8, 3]],
  ["a zip archive", "PK"],
  ["a Python pickle", [0x80]],
  ["a NumPy array", "\x93NUMPY"],
  ["an HDF5 file", "\x89HDF"],
  ["a MATLAB file", "MATLAB"],
  ["a Parquet file", "PAR1"],
  ["a PNG image", "\x89PNG"],
  ["a JPEG image", [0xff, 0xd8]],
  ["a PDF", "%PDF"],
  ["an xz archive", "\xfd7zXZ"],
  ["a bzip2 archive", "BZh"],
  ["a Zstandard archive", [0x28, 0xb5, 0x2f, 0xfd]],
  ["a 7-Zip archive", "7z\xbc\xaf"],
  ["a compress archive (.Z)", [0x1f, 0x9d]],
  ["UTF-16 text", [0xff, 0xfe]],
  ["UTF-16 text", [0xfe, 0xff]],
  ["a Git LFS pointer, not the file itself", "version https://git-lfs"],
];

/** What a file of another format than expected seems to be, by its first bytes, for an error message. */
export function looksLike(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.subarray(0, 512)).toString("latin1");
  for (const [name, signature] of SIGNATURES) {
    const prefix = typeof signature === "string" ? signature : String.fromCharCode(...signature);
    if (start.startsWith(prefix)) return `what looks like ${name}`;
  }
  if (start.slice(257, 262) === "ustar") return "what looks like a tar archive";
  if (/^(\xef\xbb\xbf)?\s*<(!doctype|html|\?xml|head|body|!--)/i.test(start))
    return "what looks like an HTML or XML page";
  if (/^(\xef\xbb\xbf)?\s*[[{]/.test(start) && isText(start)) return "what looks like JSON";
  if (isText(start)) return `what looks like text, "${start.trim().split(/\r?\n/)[0].slice(0, 40)}"`;
  const magic = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return `the first bytes ${magic}`;
}

function isText(text: string): boolean {
  return /^[\t\n\r\x20-\x7e]+$/.test(text);
}
