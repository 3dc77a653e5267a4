/** Guesses the format of a file that is not what was expected, for an error message. */

/** The first bytes of formats that people take for data or a model, as latin1 text. */
const SIGNATURES: [name: string, bytes: string][] = [
  ["a gzip file", "\x1f\x8b"],
  ["an IDX file of images", "\x00\x00\x08\x03"],
  ["a zip archive", "PK"],
  ["a Python pickle", "\x80"],
  ["a NumPy array", "\x93NUMPY"],
  ["an HDF5 file", "\x89HDF"],
  ["a MATLAB file", "MATLAB"],
  ["a Parquet file", "PAR1"],
  ["a PNG image", "\x89PNG"],
  ["a JPEG image", "\xff\xd8"],
  ["a PDF", "%PDF"],
  ["an xz archive", "\xfd7zXZ"],
  ["a bzip2 archive", "BZh"],
  ["a Zstandard archive", "\x28\xb5\x2f\xfd"],
  ["a 7-Zip archive", "7z\xbc\xaf"],
  ["a compress archive (.Z)", "\x1f\x9d"],
  ["UTF-16 text", "\xff\xfe"],
  ["UTF-16 text", "\xfe\xff"],
  ["a Git LFS pointer, not the file itself", "version https://git-lfs"],
];

/** Returns what a file seems to be, such as `what looks like a zip archive`. @param bytes  the file, or its first 512 bytes */
export function looksLike(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.subarray(0, 512)).toString("latin1");
  const known = SIGNATURES.find(([, signature]) => start.startsWith(signature));
  if (known) return `what looks like ${known[0]}`;
  if (start.slice(257, 262) === "ustar") return "what looks like a tar archive";
  const text = start.replace(/^\xef\xbb\xbf/, "").trim(); // without the byte order mark of UTF-8
  if (/^<(!doctype|html|\?xml|head|body|!--)/i.test(text)) return "what looks like an HTML or XML page";
  if (/^[\t\n\r\x20-\x7e]+$/.test(text)) {
    if (/^[[{]/.test(text)) return "what looks like JSON";
    return `what looks like text, "${text.split(/\r?\n/)[0].slice(0, 40)}"`;
  }
  const hex = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0"));
  return `unknown data that begins with the bytes ${hex.join(" ")}`;
}
