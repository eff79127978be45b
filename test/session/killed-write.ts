/* Writes the files of one folder as another, and is killed at an operation: node killed-write.mjs FROM TO OPERATION */
import { writeFolder } from '../../src/formats/atomic.ts';
import { crashing } from '../formats/crashing-disk.ts';
import { filesOf } from './files-of.ts';

const [from, to, at] = process.argv.slice(2) as [string, string, string];
await writeFolder(to, await filesOf(from), crashing(Number(at), 'is killed'));
console.log('finished');
