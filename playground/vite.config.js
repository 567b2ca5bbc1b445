import { defineConfig } from 'vite';

// The binary serves index.html at / and all other built files below /playground/.
export default defineConfig({
  base: '/playground/',
  build: {
    // Current browsers; all of them support module workers, which the editor uses.
    target: 'es2022',
    // Monaco exceeds the default limit of the warning.
    chunkSizeWarningLimit: 4096,
    // Fonts and images as files, so that the content security policy needs no `data:`.
    assetsInlineLimit: 0,
    rolldownOptions: {
      // Libraries mark files with "use client" for server-side rendering, which is not used here.
      checks: { moduleLevelDirective: false },
    },
  },
  worker: { format: 'es' },
  // For `npm run dev`: the API of a running server.
  server: {
    proxy: {
      '/graphql': { target: 'http://127.0.0.1:8000', ws: true },
    },
  },
});
