/** An answer of the server that is an error: its status, and the text after `{"error":`. */
export class Refusal extends Error {
  readonly status: number;
  /** False where it comes so early that Triton does not say that the answer is JSON. */
  readonly isTyped: boolean;

  constructor(status: number, message: string, { isTyped = true }: { readonly isTyped?: boolean } = {}) {
    super(message);
    this.status = status;
    this.isTyped = isTyped;
  }
}
