/** True for what may stand as the name of a key: it is for people alone. */
export function isKeyName(text: string): boolean {
  return /^\P{C}{1,100}$/u.test(text) && text.trim() === text;
}

export const keyNameForm = 'Write 1 to 100 letters without control characters or blanks around them.';
