/** `fetch` that tells how much of a body has gone: only XMLHttpRequest knows. */

/** Answers with one of these have no body. */
const EMPTY = [101, 204, 205, 304];
/** Bytes; what is smaller is gone before anybody looks. */
const WORTH_TELLING = 16_384;

/** @param told with parts of the body from 0 to 1 */
export const uploadFetch =
  (told: (part: number) => void): typeof fetch =>
  (input, init) =>
    init?.body instanceof Uint8Array && init.body.length >= WORTH_TELLING
      ? upload(String(input), init, told)
      : fetch(input, init);

const upload = (url: string, { method = "POST", headers, body }: RequestInit, told: (part: number) => void) =>
  new Promise<Response>((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.responseType = "arraybuffer";
    for (const [name, value] of new Headers(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => told(total > 0 ? loaded / total : 0);
    request.onerror = () => reject(new TypeError("network error"));
    request.onload = () => {
      const { status, response } = request;
      const type = request.getResponseHeader("content-type");
      const content = EMPTY.includes(status) ? null : (response as ArrayBuffer);
      resolve(new Response(content, { status, headers: type ? { "content-type": type } : {} }));
    };
    // As a Blob it is streamed; bytes are copied whole for whoever looks on (developer tools, drivers of browsers).
    request.send(new Blob([body as Uint8Array<ArrayBuffer>]));
  });
