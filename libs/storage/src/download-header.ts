/** Names that need no quotes; a percent sign is none of it, since some browsers decode it. */
const TOKEN = /^[\w!#$&'+.^`|~-]+$/;

/** `Content-Disposition` of a download (RFC 6266): a plain name for all, and the whole name, encoded, for those that read it. */
export function downloadHeader(name: string): string {
  const plain = name.replace(/[^\w. -]/g, '_');
  const coded = encodeURIComponent(name).replace(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  if (TOKEN.test(name)) return `attachment; filename=${name}`;
  return plain === name ? `attachment; filename="${name}"` : `attachment; filename="${plain}"; filename*=UTF-8''${coded}`;
}
