/**
 * @file Pickles of tensors by name, read without running anything in them: a state dict needs about thirty operations and a few names
 * of torch, and any other is refused. Source: the opcodes as Python's pickletools documents them; protocol 2, which torch.save writes.
 */
import { CheckpointError } from "../core/errors.js";
import { brief } from "../core/json.js";

/** A name that a pickle may mention; `call` makes a value of its arguments, and without it the name can only be passed on. */
export interface PickleGlobal {
  readonly name: string;
  readonly call?: (args: readonly PickleValue[]) => PickleValue;
}

/** Whatever a rule made; the pickle only passes it on. */
export interface PickleObject {
  readonly made: object;
  /** what it is, for errors, where it is plain data that no reader needs; state that a pickle gives it is dropped */
  readonly unread?: string;
}

export type PickleValue = null | boolean | number | bigint | string | PickleGlobal | PickleObject | PickleValue[] | PickleMap;
/** A dict or an OrderedDict. */
export type PickleMap = Map<PickleValue, PickleValue>;

export interface PickleRules {
  /** The only names that are allowed, as "module name". */
  readonly globals: ReadonlyMap<string, PickleGlobal>;
  /** What a persistent id stands for; without it none may occur. */
  readonly persistent?: (id: PickleValue) => PickleValue;
}

interface Machine {
  readonly stack: PickleValue[];
  readonly marks: number[];
  readonly memo: Map<number, PickleValue>;
  readonly rules: PickleRules;
  /** Next bytes, little endian. */
  whole(bytes: 1 | 2 | 4): number;
  signed(): number;
  /** The next eight bytes, big endian. */
  real(): number;
  long(bytes: number): number | bigint;
  text(bytes: number, encoding: "utf8" | "latin1"): string;
  line(): string;
  pop(): PickleValue;
  top(): PickleValue;
  /** What was pushed since the last mark. */
  sinceMark(): PickleValue[];
  refuse(expected: string, found: string): never;
}

type Operation = (m: Machine) => void;
const push =
  (make: (m: Machine) => PickleValue): Operation =>
  (m) =>
    m.stack.push(make(m));

/** By opcode. Sizes need no bound of their own: no operation makes more than its bytes hold. */
const OPERATIONS: Readonly<Record<number, Operation>> = {
  128: (m) => {
    const protocol = m.whole(1);
    if (protocol < 2 || protocol > 3) m.refuse("pickle protocol 2 or 3", `protocol ${protocol}`);
  },
  40 /* ( */: (m) => m.marks.push(m.stack.length),
  48 /* 0 */: (m) => m.pop(),
  // constants
  78 /* N */: push(() => null),
  136: push(() => true),
  137: push(() => false),
  74 /* J */: push((m) => m.signed()),
  75 /* K */: push((m) => m.whole(1)),
  77 /* M */: push((m) => m.whole(2)),
  71 /* G */: push((m) => m.real()),
  138: push((m) => m.long(m.whole(1))),
  88 /* X */: push((m) => m.text(m.whole(4), "utf8")),
  85 /* U */: push((m) => m.text(m.whole(1), "latin1")),
  84 /* T */: push((m) => m.text(m.whole(4), "latin1")),
  // containers
  93 /* ] */: push(() => []),
  125 /* } */: push(() => new Map()),
  41 /* ) */: push(() => []),
  116 /* t */: push((m) => m.sinceMark()),
  133: push((m) => [m.pop()]),
  134: push((m) => [m.pop(), m.pop()].reverse()),
  135: push((m) => [m.pop(), m.pop(), m.pop()].reverse()),
  97 /* a */: (m) => addItems(m, [m.pop()]),
  101 /* e */: (m) => addItems(m, m.sinceMark()),
  115 /* s */: (m) => setItems(m, [m.pop(), m.pop()].reverse()),
  117 /* u */: (m) => setItems(m, m.sinceMark()),
  // memo
  113 /* q */: (m) => m.memo.set(m.whole(1), m.top()),
  114 /* r */: (m) => m.memo.set(m.whole(4), m.top()),
  104 /* h */: push((m) => recall(m, m.whole(1))),
  106 /* j */: push((m) => recall(m, m.whole(4))),
  // objects
  99 /* c */: push((m) => {
    const name = `${m.line()} ${m.line()}`;
    return (
      m.rules.globals.get(name) ?? m.refuse(`only the names that tensors need: ${[...m.rules.globals.keys()].join(", ")}`, brief(name))
    );
  }),
  81 /* Q */: push((m) => {
    const id = m.pop();
    return m.rules.persistent ? m.rules.persistent(id) : m.refuse("no persistent id", "one");
  }),
  82 /* R */: push((m) => {
    const [callee, args] = [m.pop(), m.pop()].reverse();
    if (!isGlobal(callee) || !callee.call || !Array.isArray(args)) return m.refuse("a call of a name that may be called", kindOf(callee));
    return callee.call(args);
  }),
  // state of an OrderedDict: torch keeps versions of modules there (_metadata), which nothing here needs
  98 /* b */: (m) => {
    m.pop();
    const holder = m.top();
    if (!(holder instanceof Map || (isMade(holder) && holder.unread)))
      m.refuse("state of an OrderedDict alone", `state of ${kindOf(holder)}`);
  },
};
const STOP = 46; // .

function addItems(m: Machine, items: PickleValue[]) {
  const list = m.top();
  if (!Array.isArray(list)) return m.refuse("a list to append to", kindOf(list));
  for (const item of items) list.push(item);
}

function setItems(m: Machine, items: PickleValue[]) {
  const dict = m.top();
  if (!(dict instanceof Map) || items.length % 2 !== 0) return m.refuse("a dict and pairs to set in it", kindOf(dict));
  for (let k = 0; k < items.length; k += 2) dict.set(items[k], items[k + 1]);
}

function recall(m: Machine, index: number): PickleValue {
  const value = m.memo.get(index);
  return value === undefined ? m.refuse("a memo that was put", `memo ${index}`) : value;
}

const isGlobal = (value: PickleValue): value is PickleGlobal => typeof value === "object" && value !== null && "name" in value;
/** Whether a value was made by a call that the reader allows. */
export const isMade = (value: PickleValue): value is PickleObject => typeof value === "object" && value !== null && "made" in value;

/** What a value is, for an error message. */
export function kindOf(value: PickleValue | undefined): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (value instanceof Map) return "a dict";
  if (isMade(value)) return value.unread ?? "a tensor or its storage";
  return isGlobal(value as PickleValue) ? (value as PickleGlobal).name : brief(typeof value === "bigint" ? String(value) : value);
}

/**
 * Reads one pickle.
 * @param file for errors  @param start where it begins in `bytes`
 * @returns its value, and the byte after it
 * @throws CheckpointError naming an operation or a name that weights do not need, or where it ends too early
 */
export function unpickle(file: string, bytes: Uint8Array, start: number, rules: PickleRules): { value: PickleValue; end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = start;
  const refuse = (expected: string, found: string): never => {
    throw new CheckpointError(file, { expected, found: `${found}, in its pickle` });
  };
  const take = (n: number): number => {
    if (n > bytes.length - at) refuse(`${n} bytes from byte ${at}`, `${bytes.length - at}`);
    at += n;
    return at - n;
  };
  const stack: PickleValue[] = [];
  const marks: number[] = [];
  const floor = () => marks[marks.length - 1] ?? 0;
  const m: Machine = {
    stack,
    marks,
    memo: new Map(),
    rules,
    refuse,
    whole: (n) => (n === 1 ? view.getUint8(take(1)) : n === 2 ? view.getUint16(take(2), true) : view.getUint32(take(4), true)),
    signed: () => view.getInt32(take(4), true),
    real: () => view.getFloat64(take(8)),
    long(n) {
      let value = 0n;
      const from = take(n);
      for (let k = n - 1; k >= 0; k--) value = (value << 8n) | BigInt(bytes[from + k]);
      value = BigInt.asIntN(8 * n, value);
      return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
    },
    text: (n, encoding) => Buffer.from(bytes.subarray(take(n), at)).toString(encoding),
    line() {
      const end = bytes.indexOf(10, at);
      if (end < 0 || end - at > 200) return refuse("a name's line", "no end of line");
      const from = take(end + 1 - at);
      return Buffer.from(bytes.subarray(from, end)).toString("utf8");
    },
    pop: () => (stack.length > floor() ? (stack.pop() as PickleValue) : refuse("a value on the stack", "none")),
    top: () => (stack.length > floor() ? stack[stack.length - 1] : refuse("a value on the stack", "none")),
    sinceMark() {
      const mark = marks.pop();
      return mark === undefined ? refuse("a mark on the stack", "none") : stack.splice(mark);
    },
  };
  for (;;) {
    const opcode = view.getUint8(take(1));
    if (opcode === STOP) return { value: m.pop(), end: at };
    const operation = OPERATIONS[opcode];
    if (!operation) refuse("the operations that tensors need", `operation 0x${opcode.toString(16).padStart(2, "0")} at byte ${at - 1}`);
    operation(m);
  }
}
