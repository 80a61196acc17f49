/**
 * @file A stream's text as a notebook keeps it: \r goes back to the line's begin, where what follows overwrites; \b takes a character away.
 * As JupyterLab does it, whichever way the text is cut into messages, and in time that grows with the text alone.
 */

export interface StreamText {
  append(text: string): void;
  text(): string;
}

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
