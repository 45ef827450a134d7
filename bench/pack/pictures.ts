import type { Row } from './main';
export function drawPictures(_rows: readonly Row[], _directory: string): void {}
