/** @file Minimal syntax highlighting of TypeScript and JavaScript: comments, strings, numbers, regular expressions and keywords. */
import { escapeHtml } from "../../pages/html.js";

const WORDS =
  "abstract|as|async|await|break|case|catch|class|const|continue|default|delete|do|else|enum|export|extends|false|finally|for|from|function|if|implements|import|in|instanceof|interface|keyof|let|new|null|of|private|public|readonly|return|satisfies|static|super|switch|this|throw|true|try|type|typeof|undefined|var|void|while|yield";

/** The earliest match wins; of several at one place, the first kind here. */
const KINDS: Readonly<Record<string, RegExp>> = {
  comment: /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/,
  text: /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`/,
  // A slash after an operator or `return` begins a regular expression; otherwise it divides.
  regexp: /(?<=(?:^|[=(,:[!&|?{};\n]|=>|return)\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/,
  number: /\b(?:0[xXbBoO][\da-fA-F_]+|\d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d+)?)n?\b/,
  word: new RegExp(`(?<![.\\w$])(?:${WORDS})(?![\\w$])`),
};

const TOKEN = new RegExp(
  Object.entries(KINDS)
    .map(([kind, { source }]) => `(?<${kind}>${source})`)
    .join("|"),
  "g",
);

/** Highlights code. @param code any text; it need not parse @returns HTML for a `<pre>` */
export function highlight(code: string): string {
  let html = "";
  let from = 0;
  for (const match of code.matchAll(TOKEN)) {
    const kind = Object.keys(KINDS).find((name) => match.groups?.[name] !== undefined) ?? "text";
    html += `${escapeHtml(code.slice(from, match.index))}<span class="code-${kind}">${escapeHtml(match[0])}</span>`;
    from = match.index + match[0].length;
  }
  return html + escapeHtml(code.slice(from));
}
