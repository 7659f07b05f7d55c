/**
 * The syntax of queries over the component graph:
 *
 *     query  = term { ( '+' | '^' | '-' | 'union' | 'intersect' | 'except' ) term }   from left to right
 *     term   = word | function '(' [ query { ',' query } ] ')' | '(' query ')'
 *     word   = letters, digits, any of '_./*@:~', and '-' inside; or text in quotes, "…" or '…'
 */
import { FlowError } from './errors.ts';
import { excerpt } from './excerpt.ts';

/** Where in the query something is written; characters from its start. */
export interface Span {
  readonly at: number;
  readonly length: number;
}

export type SetOperator = 'union' | 'intersect' | 'except';

export type Query = Span &
  (
    | { readonly type: 'word'; readonly text: string }
    | {
        readonly type: 'call';
        readonly name: string;
        readonly nameSpan: Span;
        readonly args: readonly Query[];
      }
    | {
        readonly type: 'operation';
        readonly operator: SetOperator;
        readonly left: Query;
        readonly right: Query;
      }
  );

/** @throws {FlowError} `config_invalid`, with the place in the query */
export function parseQuery(source: string): Query {
  return new QueryParser(source).parse();
}

/** What is wrong with a query, shown at its place. */
export function wrongQuery(source: string, { at, length }: Span, why: string, fix: string): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: `query:1:${at + 1}`,
    message: `Cannot read the query: ${why}.`,
    excerpt: excerpt(1, source.replaceAll(/\s/g, ' '), { at, length }),
    fix,
  });
}

interface Token extends Span {
  readonly type: 'word' | 'quoted' | 'sign' | 'end';
  readonly text: string;
}

const operators: Readonly<Record<string, SetOperator>> = {
  '+': 'union',
  '^': 'intersect',
  '-': 'except',
  union: 'union',
  intersect: 'intersect',
  except: 'except',
};

/** Operators of other languages → what is written here. */
const foreign: Readonly<Record<string, string>> = { '|': '+', '&': '^', '∪': '+', '∩': '^', '\\': '-' };

const deepest = 200;

class QueryParser {
  readonly #source: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
    this.#tokens = tokensOf(source);
  }

  parse(): Query {
    if (this.#here().type === 'end')
      throw this.#wrong('it is empty', 'Write a name, or "..." for all components.');
    const query = this.#query();
    if (this.#here().type === 'end') return query;
    const { text } = this.#here();
    if (text === ')') throw this.#wrong('nothing is open that this could close', 'Remove it.');
    if (text === ',')
      throw this.#wrong('only the arguments of a function stand apart by commas', 'Write "+".');
    throw this.#wrong(`an operator is missing before "${text}"`, 'Write "+", "^" or "-" between the two.');
  }

  #here(): Token {
    return this.#tokens[this.#next]!;
  }

  #query(): Query {
    let left = this.#term();
    for (let operator = this.#operator(); operator; operator = this.#operator()) {
      this.#next += 1;
      const right = this.#term();
      const length = right.at + right.length - left.at;
      left = { type: 'operation', operator, left, right, at: left.at, length };
    }
    return left;
  }

  #operator(): SetOperator | undefined {
    const { type, text } = this.#here();
    return type !== 'quoted' && Object.hasOwn(operators, text) ? operators[text] : undefined;
  }

  #term(): Query {
    const token = this.#here();
    if (token.type === 'end')
      throw this.#wrong('it ends where a name should follow', 'Write what is missing.');
    if (this.#isSign('(')) return this.#inParentheses();
    if (token.type === 'sign' || this.#operator())
      throw this.#wrong(
        `"${token.text}" stands where a name should`,
        'Write a name, or a function, before it.',
      );
    this.#next += 1;
    const { at, length, text } = token;
    return token.type === 'word' && this.#isSign('(')
      ? this.#call(token)
      : { type: 'word', text, at, length };
  }

  #inParentheses(): Query {
    const opening = this.#open();
    const inner = this.#query();
    return { ...inner, at: opening.at, length: this.#close(opening) - opening.at };
  }

  #call({ text: name, at, length }: Token): Query {
    const opening = this.#open();
    const args: Query[] = [];
    if (!this.#isSign(')')) args.push(this.#query());
    while (this.#isSign(',')) {
      this.#next += 1;
      args.push(this.#query());
    }
    const end = this.#close(opening);
    return { type: 'call', name, nameSpan: { at, length }, args, at, length: end - at };
  }

  #open(): Token {
    const opening = this.#here();
    this.#depth += 1;
    if (this.#depth > deepest) throw this.#wrong('it is nested too deep', 'Make it flatter.');
    this.#next += 1;
    return opening;
  }

  /** @returns where the closing parenthesis ends */
  #close(opening: Token): number {
    if (!this.#isSign(')')) {
      if (this.#here().type === 'end')
        throw wrongQuery(this.#source, opening, 'this parenthesis is not closed', 'Add ")".');
      throw this.#wrong(
        `an operator or ")" is missing before "${this.#here().text}"`,
        'Write "+", "^", "-" or ")".',
      );
    }
    this.#depth -= 1;
    this.#next += 1;
    return this.#tokens[this.#next - 1]!.at + 1;
  }

  #isSign(sign: string): boolean {
    return this.#here().type === 'sign' && this.#here().text === sign;
  }

  #wrong(why: string, fix: string): FlowError {
    return wrongQuery(this.#source, this.#here(), why, fix);
  }
}

const tokenPattern =
  /(?<space>\s+)|(?<word>[\p{L}\p{N}_./*@:~][\p{L}\p{N}_./*@:~-]*)|(?<quoted>"[^"]*"|'[^']*')|(?<sign>[()+^,-])/uy;

function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    tokenPattern.lastIndex = at;
    const groups = tokenPattern.exec(source)?.groups;
    if (!groups) throw strange(source, at);
    const { space, word, quoted, sign } = groups;
    const text = space ?? word ?? quoted ?? sign ?? '';
    const { length } = text;
    if (word !== undefined) tokens.push({ type: 'word', text, at, length });
    if (quoted !== undefined) tokens.push({ type: 'quoted', text: text.slice(1, -1), at, length });
    if (sign !== undefined) tokens.push({ type: 'sign', text, at, length });
    at += length;
  }
  tokens.push({ type: 'end', text: '', at: source.length, length: 1 });
  return tokens;
}

function strange(source: string, at: number): FlowError {
  const [character] = source.slice(at);
  if (character === '"' || character === "'")
    return wrongQuery(source, { at, length: 1 }, 'this quote is not closed', `Add ${character} at its end.`);
  const meant = foreign[character!];
  const fix = meant === undefined ? 'Put names with such characters into quotes.' : `Write "${meant}".`;
  return wrongQuery(source, { at, length: 1 }, `"${character}" means nothing in it`, fix);
}
