import { plain } from './style';

/** Text or an attribute's value: characters that XML does not allow are gone, the others are escaped. */
export function escapeXml(text: string): string {
  return (
    plain(text)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: not allowed in XML
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
      .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd')
      .replace(/[&<>"']/g, (sign) => entities[sign] ?? sign)
  );
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Short numbers keep the file small and the same on any machine. */
export function n(value: number): string {
  return String(Math.round(value * 10) / 10);
}

export function rect(x: number, y: number, width: number, height: number, attributes: string, inner = ''): string {
  const shape = `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" ${attributes}`;
  return inner === '' ? `${shape}/>` : `${shape}>${inner}</rect>`;
}

export function text(x: number, y: number, content: string, style: string, anchor = ''): string {
  const at = anchor === '' ? '' : ` text-anchor="${anchor}"`;
  return `<text x="${n(x)}" y="${n(y)}" class="${style}"${at}>${escapeXml(content)}</text>`;
}

export function tooltip(content: string): string {
  return `<title>${escapeXml(content)}</title>`;
}

/** About what a text takes in the sans-serif used here: good enough to decide whether a label fits. */
export function textWidth(content: string, size: number): number {
  return [...content].length * size * 0.56;
}

export function clipTo(content: string, width: number, size: number): string {
  if (textWidth(content, size) <= width) return content;
  const letters = Math.floor(width / (size * 0.56)) - 1;
  return letters < 2 ? '' : `${[...content].slice(0, letters).join('')}…`;
}
