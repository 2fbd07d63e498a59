// Loads oidc-provider without its notice on import: it names Node 22 as its oldest, our tests prove the parts we use
// on Node 20.19 too, and the notice would be the first line people see. Delete when Node 20 is no longer supported.
/* oxlint-disable no-console -- the notice is written there, so that is where it is kept back */
export async function loadProvider() {
  const { warn } = console;
  console.warn = (...words: unknown[]) => {
    if (!String(words[0]).includes('oidc-provider WARNING: Unsupported runtime')) warn(...words);
  };
  try {
    const { Provider, errors } = await import('oidc-provider');
    return { Provider, errors };
  } finally {
    console.warn = warn;
  }
}
