import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { FolderStorage } from '../../../engine/io/folder-storage.ts';
import { testStorage } from '../../storage-contract.ts';

const base = mkdtempSync(join(tmpdir(), 'flow-test-'));
after(() => rmSync(base, { recursive: true, force: true }));

testStorage('a folder', async () => new FolderStorage(mkdtempSync(join(base, 'storage-'))));
