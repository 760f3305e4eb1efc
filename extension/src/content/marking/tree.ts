/** The page's tree as it is seen, through its shadow roots. */

/** The element around an element, past the edge of a shadow root. */
export function parentOf(element: Element): Element | null {
  const around = element.parentNode;
  return element.assignedSlot ?? (around instanceof ShadowRoot ? around.host : element.parentElement);
}

/** Whether `inner` lies in `outer`, or is it. */
export function holds(outer: Element, inner: Element): boolean {
  for (let at: Element | null = inner; at !== null; at = parentOf(at)) {
    if (at === outer) {
      return true;
    }
  }
  return false;
}

/** Order on the page: negative where `a` comes first. */
export function order(a: Element, b: Element): number {
  const [ours, theirs] = [path(a), path(b)];
  const at = ours.findIndex((one, index) => one !== theirs[index]);
  const [mine, other] = [ours[at], theirs[at]];
  if (mine === undefined || other === undefined) {
    return ours.length - theirs.length;
  }
  return mine.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1;
}

/** The element and the hosts that it lies behind, the outermost first: in each root one. */
function path(element: Element): Element[] {
  const hosts = [element];
  for (let root = element.getRootNode(); root instanceof ShadowRoot; root = root.host.getRootNode()) {
    hosts.unshift(root.host);
  }
  return hosts;
}
