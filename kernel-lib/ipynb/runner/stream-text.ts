/**
 * @file Applies a stream's control characters, as JupyterLab does: \r returns to the begin of the line, where later text overwrites; \b deletes a
 * character. The result does not depend on how messages split the text, and the time is linear in its length.
 */

/** The text of a stream so far. */
export interface StreamText {
  append(text: string): void;
  text(): string;
}

/** Makes an empty stream text. */
export function createStreamText(): StreamText {
  const lines: string[] = []; // each with its \n
  let line = "";
  let at = 0;
  return {
    append(text) {
      for (const part of text.split(/([\n\r\b])/)) {
        if (part === "\n") {
          lines.push(`${line}\n`);
          [line, at] = ["", 0];
        } else if (part === "\r") at = 0;
        else if (part === "\b") {
          if (at === 0) continue;
          line = line.slice(0, at - 1) + line.slice(at);
          at--;
        } else {
          line = at === line.length ? line + part : line.slice(0, at) + part + line.slice(at + part.length);
          at += part.length;
        }
      }
    },
    text: () => lines.join("") + line,
  };
}
