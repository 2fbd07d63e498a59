// Lines of a streamed answer, also when a chunk ends inside a line or inside a character.

export async function* readLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } finally {
    // Also when the reader of the lines gives up: the connection must not stay open behind it.
    await reader.cancel().catch(() => {});
  }
}
