/** An object that is not what its name says. The reason goes into a sentence: 'it ends after 12 of 40 bytes'. */
export class BadBlob extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'BadBlob';
  }
}
