/** What scrolls sideways can be reached, and scrolled, with the keyboard; what does not is no stop on the way. */
export function scrolls(box: HTMLElement): () => void {
  const watch = new ResizeObserver(() => {
    const needed = box.scrollWidth > box.clientWidth + 1
    if (!needed) {
      for (const name of ['tabindex', 'role', 'aria-label']) box.removeAttribute(name)
      return
    }
    box.tabIndex = 0
    box.setAttribute('role', 'region')
    box.setAttribute('aria-label', box.querySelector('caption')?.textContent?.trim() ?? '')
  })
  watch.observe(box)
  const table = box.querySelector('table')
  if (table) watch.observe(table)
  return () => watch.disconnect()
}
