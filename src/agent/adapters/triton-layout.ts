import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { agentError } from '../reason';
import { linkTree, soleFile } from './layout';

interface FormatLayout {
  readonly backend: string;
  /** Name that the backend looks for in a version's folder. */
  readonly file: string;
}

const formats: Readonly<Record<string, FormatLayout>> = {
  dali: { backend: 'dali', file: 'model.dali' },
  onnx: { backend: 'onnxruntime', file: 'model.onnx' },
  'openvino-ir': { backend: 'openvino', file: 'model.xml' },
  python: { backend: 'python', file: 'model.py' },
  'tensorflow-savedmodel': { backend: 'tensorflow', file: 'model.savedmodel' },
  tensorrt: { backend: 'tensorrt', file: 'model.plan' },
  torchscript: { backend: 'pytorch', file: 'model.pt' },
};

/**
 * Puts what was fetched where Triton looks: `<repository>/<served>/config.pbtxt` and `1/...`. Models that come with
 * versions or a configuration keep them; others get the least that their format needs. The folder is swapped at once.
 */
export async function layOut(repository: string, served: string, format: string, files: string): Promise<void> {
  const desk = join(repository, '.stowage', 'layout', served);
  await rm(desk, { recursive: true, force: true });
  await mkdir(desk, { recursive: true });
  const known = formats[format];
  const names = await readdir(files);
  const versioned = names.some((name) => /^\d+$/.test(name));
  if (names.includes('config.pbtxt') || versioned) await linkTree(files, desk);
  else await layOutPlain(files, join(desk, '1'), known, format);
  await writeConfig(desk, served, known, format);
  const place = join(repository, served);
  await rm(place, { recursive: true, force: true });
  await rename(desk, place);
}

async function layOutPlain(files: string, version: string, known: FormatLayout | undefined, format: string) {
  if (known === undefined) throw agentError('STW6105', `Triton has no layout for the format "${format}" here`);
  const isFolder = extname(known.file) === '.savedmodel';
  await linkTree(files, isFolder ? join(version, known.file) : version);
  const sole = isFolder ? null : await soleFile(version);
  if (sole !== null && sole !== join(version, known.file)) await rename(sole, join(version, known.file));
}

async function writeConfig(desk: string, served: string, known: FormatLayout | undefined, format: string) {
  const file = join(desk, 'config.pbtxt');
  const own = (await stat(file).catch(() => null))?.isFile() ? await readFile(file, 'utf8') : null;
  if (own === null && known === undefined) {
    throw agentError('STW6105', `Triton cannot tell the backend of the format "${format}": add a config.pbtxt`);
  }
  // Its name must be the folder's; a name of its own stands at the start of a line, outside of any braces.
  const rest = own === null ? `backend: "${known?.backend}"\n` : withoutName(own);
  // The link is to the fetched file: written anew, not over it.
  await rm(file, { force: true });
  await writeFile(file, `name: "${served}"\n${rest}`);
}

/** The text format's top-level `name`, wherever it stands. */
function withoutName(text: string): string {
  let depth = 0;
  let out = '';
  const token =
    /#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{}[\]<>]|\bname\b\s*:\s*(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|[A-Za-z_]\w*|[\s\S]/g;
  for (const [part] of text.matchAll(token)) {
    if ('{[<'.includes(part)) depth += 1;
    else if ('}]>'.includes(part)) depth -= 1;
    if (depth === 0 && /^name\b\s*:/.test(part)) continue;
    out += part;
  }
  return out;
}
