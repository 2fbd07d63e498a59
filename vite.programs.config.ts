// Builds the terminal programs: banyan, banyanproxy (everything bundled, so that they start fast) and banyan-edge.
import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    ssr: true,
    target: 'node20',
    outDir: 'out/bin',
    emptyOutDir: true,
    rolldownOptions: {
      // Also where their install scripts have failed and npm has left them out.
      external: ['keytar', 'koffi'],
      input: {
        banyan: 'src/cli/banyan.ts',
        'engine-worker': 'src/proxy/worker/entry.ts',
        // The engine by itself, for the benchmark: the very chunk that the programs above use.
        proxy: 'src/proxy/index.ts',
        banyanproxy: 'src/cli/banyanproxy.ts',
        'banyan-edge': 'src/edge/main.ts',
      },
      // @peculiar/x509 must find reflect-metadata evaluated before it, wherever chunks are cut.
      output: {
        strictExecutionOrder: true,
        entryFileNames: '[name].js',
        chunkFileNames: 'chunks/[name]-[hash].js',
      },
    },
  },
  ssr: {
    noExternal: true,
    // Native and optional; and of the edge, which is never part of the app, what reads its own files or is seldom needed.
    external: ['acme-client', 'keytar', 'koffi', 'oidc-provider', 'pg'],
  },
});
