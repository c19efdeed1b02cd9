// SPDX-License-Identifier: MIT
import { defineConfig } from 'vite';

// What SharedArrayBuffer wants of whoever serves the page.
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

export default defineConfig({
  base: './',
  server: { headers },
  preview: { headers },
  worker: { format: 'es' },
  build: { target: 'esnext', assetsInlineLimit: 0 },
  optimizeDeps: { exclude: ['muslin'] },	// its parts are found beside its modules
});
