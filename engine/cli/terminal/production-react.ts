import { createRequire } from 'node:module';

/**
 * Loads React and ink's renderer as they are in production, before ink asks for them.
 *
 * They choose by NODE_ENV while they are loaded, and their other choice, for people who develop React's programs, takes
 * twice the time for each frame. Nothing else sees the variable: what happens here happens at once.
 */
export function loadProductionReact(): void {
  const require = createRequire(import.meta.url);
  const before = process.env.NODE_ENV;
  process.env.NODE_ENV = 'production';
  try {
    require('react');
    createRequire(require.resolve('ink'))('react-reconciler');
  } finally {
    if (before === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = before;
  }
}
