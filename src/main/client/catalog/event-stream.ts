// Server-sent events: the few lines of the format that the edge uses, bounded.
// https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
import type { Readable } from 'node:stream';

const LONGEST_EVENT = 64 * 1024;

export interface ServerEvent {
  name: string;
  data: string;
}

/** Ends with the stream; rejects as the stream does, or when one event is too long. */
export async function* readEvents(body: Readable): AsyncGenerator<ServerEvent> {
  let rest = '';
  let name = '';
  let data: string[] = [];
  let size = 0;
  const decoder = new TextDecoder();
  for await (const chunk of body as AsyncIterable<Buffer>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    if (rest.length > LONGEST_EVENT) throw new Error('an event is too long');
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield { name: name || 'message', data: data.join('\n') };
        name = '';
        data = [];
        size = 0;
        continue;
      }
      const [field, value] = split(line);
      size += value.length;
      if (size > LONGEST_EVENT) throw new Error('an event is too long');
      if (field === 'event') name = value;
      if (field === 'data') data.push(value);
    }
  }
}

function split(line: string): [string, string] {
  const colon = line.indexOf(':');
  if (colon < 0) return [line, ''];
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
}
