package brokers

import "math"

// A network is a minimum-cost circulation on integers, solved by the primal
// network simplex method with strongly feasible trees (Cunningham 1976) and
// block search for the entering arc (Kelly and O'Neill 1991). Node 0 is the
// root. The start is the zero flow on a tree of arcs that all lead towards the
// root, which is strongly feasible as long as each of them has capacity: no
// artificial arcs and no large numbers are needed.
type network struct {
	arcs      []arc
	capacity  []int64
	flow      []int64
	side      []int64 // 1 at its lower bound, -1 at its upper, 0 in the tree
	potential []int64
	tree      []node
}

type arc struct {
	from, to int32
	cost     int64
}

type node struct {
	parent            int32
	arc               int32 // to or from the parent
	depth             int32
	child, next, prev int32 // first child, siblings; -1 none
	up                bool  // the arc leads to the parent
}

// reset makes the network empty but for the root.
func (n *network) reset() {
	n.arcs, n.capacity, n.flow, n.side = n.arcs[:0], n.capacity[:0], n.flow[:0], n.side[:0]
	n.potential = append(n.potential[:0], 0)
	n.tree = append(n.tree[:0], node{parent: -1, arc: -1, child: -1, next: -1, prev: -1})
}

// addNode adds a node; an arc out of it must be made its first by lead.
func (n *network) addNode() int32 {
	n.tree = append(n.tree, node{parent: -1, arc: -1, child: -1, next: -1, prev: -1, up: true})
	n.potential = append(n.potential, 0)
	return int32(len(n.tree) - 1)
}

// addArc adds an arc of positive capacity.
func (n *network) addArc(from, to int32, capacity, cost int64) int32 {
	n.arcs = append(n.arcs, arc{from, to, cost})
	n.capacity = append(n.capacity, capacity)
	n.flow = append(n.flow, 0)
	n.side = append(n.side, 1)
	return int32(len(n.arcs) - 1)
}

// lead makes arc a the way of its tail to the root in the first tree. Every
// node but the root needs one, and they must not form a cycle.
func (n *network) lead(a int32) { n.tree[n.arcs[a].from].arc = a }

// solve finds a circulation of least cost.
func (n *network) solve() {
	for v := range n.tree[1:] {
		u := int32(v + 1)
		a := n.tree[u].arc
		n.side[a] = 0
		n.attach(u, n.arcs[a].to)
	}
	n.settle(0)
	block := max(20, int(math.Sqrt(float64(len(n.arcs)))))
	for start := 0; ; {
		in, next := n.entering(start, block)
		if in < 0 {
			return
		}
		start = next
		n.pivot(in)
	}
}

// entering is the arc of most negative reduced cost in the first block from
// start on that has any, and where to go on; -1 if the flow is optimal.
func (n *network) entering(start, block int) (in int32, next int) {
	arcs := n.arcs
	side, potential := n.side[:len(arcs)], n.potential
	from := start
	for left := len(arcs); left > 0; {
		if from == len(arcs) {
			from = 0
		}
		to := min(from+min(block, left), len(arcs))
		in, worst := int32(-1), int64(0)
		for i := from; i < to; i++ {
			a := &arcs[i]
			if c := side[i] * (a.cost + potential[a.from] - potential[a.to]); c < worst {
				in, worst = int32(i), c
			}
		}
		if in >= 0 {
			return in, to
		}
		left -= to - from
		from = to
	}
	return -1, from
}

// pivot brings arc in into the tree, or takes it from one bound to the other.
func (n *network) pivot(in int32) {
	tree, flow := n.tree, n.flow
	// Flow is pushed from first over the arc to second, up to where their paths
	// to the root join, and down to first again.
	first, second := n.arcs[in].from, n.arcs[in].to
	push := n.capacity[in]
	if n.side[in] < 0 {
		first, second = second, first
	}
	// The leaving arc is the last that blocks on the way from the join.
	out, below := int32(-1), int32(-1)
	u, v := first, second
	for u != v {
		if tree[u].depth >= tree[v].depth {
			a := tree[u].arc
			room := flow[a]
			if !tree[u].up {
				room = n.capacity[a] - room
			}
			if room < push {
				push, out, below = room, u, first
			}
			u = tree[u].parent
		} else {
			v = tree[v].parent
		}
	}
	join := u
	for v := second; v != join; v = tree[v].parent {
		a := tree[v].arc
		room := flow[a]
		if tree[v].up {
			room = n.capacity[a] - room
		}
		if room <= push {
			push, out, below = room, v, second
		}
	}
	if push > 0 {
		flow[in] += int64(n.side[in]) * push
		for u := first; u != join; u = tree[u].parent {
			if tree[u].up {
				flow[tree[u].arc] -= push
			} else {
				flow[tree[u].arc] += push
			}
		}
		for v := second; v != join; v = tree[v].parent {
			if tree[v].up {
				flow[tree[v].arc] += push
			} else {
				flow[tree[v].arc] -= push
			}
		}
	}
	if out < 0 {
		n.side[in] = -n.side[in]
		return
	}
	n.side[in] = 0
	gone := tree[out].arc
	n.side[gone] = 1
	if flow[gone] > 0 {
		n.side[gone] = -1
	}
	// The part of the tree below the leaving arc hangs from the entering one
	// now; the way from it up to the leaving arc turns round.
	parent := first + second - below
	for u, a := below, in; ; {
		above, old := tree[u].parent, tree[u].arc
		n.detach(u)
		tree[u].arc = a
		tree[u].up = n.arcs[a].from == u
		n.attach(u, parent)
		if u == out {
			break
		}
		u, parent, a = above, u, old
	}
	n.settle(below)
}

func (n *network) attach(u, parent int32) {
	p := &n.tree[parent]
	n.tree[u].parent, n.tree[u].next, n.tree[u].prev = parent, p.child, -1
	if p.child >= 0 {
		n.tree[p.child].prev = u
	}
	p.child = u
}

func (n *network) detach(u int32) {
	t := &n.tree[u]
	if t.prev >= 0 {
		n.tree[t.prev].next = t.next
	} else {
		n.tree[t.parent].child = t.next
	}
	if t.next >= 0 {
		n.tree[t.next].prev = t.prev
	}
}

// settle sets depth and potential of top and of all below it.
func (n *network) settle(top int32) {
	tree := n.tree
	u := top
	for {
		t := &tree[u]
		if t.parent >= 0 {
			t.depth = tree[t.parent].depth + 1
			cost := n.arcs[t.arc].cost
			if t.up {
				cost = -cost
			}
			n.potential[u] = n.potential[t.parent] + cost
		}
		if t.child >= 0 {
			u = t.child
			continue
		}
		for u != top && tree[u].next < 0 {
			u = tree[u].parent
		}
		if u == top {
			return
		}
		u = tree[u].next
	}
}
