import { defineConfig } from 'vite';

// The binary serves index.html at / and every other built file below /playground/.
export default defineConfig({
  base: '/playground/',
  build: {
    // Evergreen browsers; the editor's workers are modules in each of them.
    target: 'es2022',
    // Monaco alone is larger than the limit at which Vite warns.
    chunkSizeWarningLimit: 4096,
    // Fonts and images as files: a strict content security policy then needs no `data:`.
    assetsInlineLimit: 0,
    rolldownOptions: {
      // Libraries mark their files "use client" for servers that render React; here is none.
      checks: { moduleLevelDirective: false },
    },
  },
  worker: { format: 'es' },
  // `npm run dev` beside a running server: the page reloads as it is edited, the API is the real one.
  server: {
    proxy: {
      '/graphql': { target: 'http://127.0.0.1:8000', ws: true },
    },
  },
});
