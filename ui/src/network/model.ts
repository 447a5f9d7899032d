/** The graph on screen: groups as circles, their members inside them once they are opened. */
import { UndirectedGraph } from 'graphology'
import type { GraphData, Meta } from '../lib/types'

export interface NodeFacts {
  x: number; y: number; size: number; label: string; color: string; zIndex: number
  kind: 'group' | 'member'; group: number; member: number; forceLabel?: boolean; hidden?: boolean
}
export interface EdgeFacts { type?: 'thin'; size: number; color: string; layer: number; kind: 'link' | 'pair'; hidden?: boolean; zIndex: number }
export type Drawn = UndirectedGraph<NodeFacts, EdgeFacts>

export const groupNode = (group: number) => `g${group}`
const EDGES_AT_ONCE = 20_000

/** Let the page answer before more is drawn. */
const breathe = () => new Promise((resolve) => setTimeout(resolve))

export function groupsAlone(meta: Meta, title: (group: number) => string): Drawn {
  const graph: Drawn = new UndirectedGraph()
  const found = meta.groups
  // Sizes are lengths on the plane: lines grow and shrink with what they join.
  const unit = Math.min(...found.radius)
  found.group.forEach((group, n) => {
    graph.addNode(groupNode(group), {
      x: found.x[n]!, y: found.y[n]!, size: found.radius[n]!, label: title(group), color: '#888888', zIndex: 1,
      kind: 'group', group, member: -1, forceLabel: found.group.length <= 60,
    })
  })
  meta.links.a.forEach((a, n) => {
    const [from, to] = [found.group[a], found.group[meta.links.b[n]!]]
    if (from === undefined || to === undefined || from === to) return
    graph.mergeEdge(groupNode(from), groupNode(to), { size: unit * (0.03 + 0.12 * (meta.links.weight[n] ?? 0)), color: '#888888', layer: -1, kind: 'link', zIndex: 0 })
  })
  return graph
}

export const nothing = (): Drawn => new UndirectedGraph()

/** Put members and their pairs in; an account in several groups is drawn in each. */
export async function addMembers(graph: Drawn, data: GraphData, radius: (group: number) => number, only?: number): Promise<void> {
  const names = data.node.label.map((_, n) => {
    const group = only ?? data.node.group[n]!
    const name = `${group}:${group ? data.node.member[n] : `f${n}`}`
    const count = Math.max(8, data.nodes)
    const size = only === undefined ? radius(group) * 0.07 : Math.min(radius(group) * 0.08, radius(group) / Math.sqrt(count))
    if (!graph.hasNode(name))
      graph.addNode(name, {
        x: data.node.x[n]!, y: data.node.y[n]!, size, label: data.node.label[n]!, color: '#888888', zIndex: 2,
        kind: 'member', group, member: data.node.member[n]!,
      })
    return name
  })
  const { a, b, weight, layer } = data.edge
  const unit = radius(only ?? data.node.group.find((group) => group > 0) ?? 0)
  // So many that a width would not be seen are drawn as hairlines, in a fraction of the time.
  const thin = a.length > EDGES_AT_ONCE
  const most = weight.reduce((so, each) => Math.max(so, each), 0) || 1
  for (let n = 0; n < a.length; n++) {
    const [from, to] = [names[a[n]!]!, names[b[n]!]!]
    if (from !== to && !graph.hasEdge(from, to))
      graph.addEdge(from, to, { size: unit * (0.004 + 0.02 * (weight[n]! / most)), color: '#888888', layer: layer[n]!, kind: 'pair', zIndex: 1, ...(thin ? { type: 'thin' as const } : {}) })
    if (n % EDGES_AT_ONCE === EDGES_AT_ONCE - 1) await breathe()
  }
}

export function removeMembers(graph: Drawn, group: number): void {
  graph.filterNodes((_, node) => node.kind === 'member' && node.group === group).forEach((node) => graph.dropNode(node))
}
