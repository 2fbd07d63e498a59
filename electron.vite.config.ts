import react from '@vitejs/plugin-react';
import { defineConfig } from 'electron-vite';

export default defineConfig({
  main: {
    build: {
      // Left outside: native, optional and loaded lazily.
      externalizeDeps: { include: ['keytar', 'koffi'] },
      rolldownOptions: {
        input: {
          index: 'src/main/index.ts',
          'engine-worker': 'src/proxy/worker/entry.ts',
        },
        // @peculiar/x509 must find reflect-metadata evaluated before it, wherever chunks are cut.
        output: { strictExecutionOrder: true },
      },
    },
  },
  preload: {
    build: {
      // A sandboxed preload is one CommonJS file without shared chunks.
      rolldownOptions: {
        input: { index: 'src/preload/index.ts' },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: 'src/renderer',
    plugins: [react()],
    build: {
      minify: true,
      rolldownOptions: { input: { index: 'src/renderer/index.html' } },
    },
  },
});
