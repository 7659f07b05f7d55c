import assert from 'node:assert/strict';
import test from 'node:test';
import { missingPackages, platformOf } from '../../scripts/complete-lockfile.ts';

test('an optional package that the lockfile lacks is known by its name and the version that is asked for', () => {
  const optionalDependencies = { 'fast-darwin-arm64': '1.2.3', 'fast-linux-x64': '1.2.3' };
  const packages = {
    '': {},
    'node_modules/fast': { version: '1.2.3', dev: true, optionalDependencies },
    'node_modules/fast-linux-x64': { version: '1.2.3' },
  };
  assert.deepEqual(missingPackages({ packages }), {
    'node_modules/fast-darwin-arm64': {
      version: '1.2.3',
      cpu: ['arm64'],
      dev: true,
      optional: true,
      os: ['darwin'],
    },
  });
});

test('the name of a package of binaries tells its system', () => {
  assert.deepEqual(platformOf('@a/b-linux-arm64-musl'), { os: ['linux'], cpu: ['arm64'], libc: ['musl'] });
  assert.deepEqual(platformOf('@a/b-linux-arm-gnueabihf'), { os: ['linux'], cpu: ['arm'], libc: ['glibc'] });
  assert.deepEqual(platformOf('@a/b-win32-x64-msvc'), { os: ['win32'], cpu: ['x64'] });
  assert.deepEqual(platformOf('@esbuild/darwin-arm64'), { os: ['darwin'], cpu: ['arm64'] });
  assert.throws(() => platformOf('@a/b-wasm'), /by hand/);
});
