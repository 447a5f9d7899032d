import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

// One bundle, served by `claqueur serve` and committed: same source, same bytes.
export default defineConfig({
  plugins: [svelte()],
  build: {
    outDir: '../src/claqueur/web/static',
    emptyOutDir: true,
    // Nothing as a data: address, and nothing inline: the page's policy forbids it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    target: ['chrome123', 'firefox120', 'safari17.5'],
    chunkSizeWarningLimit: 300,
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8600' } },
})
