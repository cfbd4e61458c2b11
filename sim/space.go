package sim

import (
	"cmp"
	"math"
	"slices"

	"idleshift/agents"
	"idleshift/agents/rng"
)

const (
	earthKm     = 6371.0088               // mean radius
	kmPerDegree = earthKm * math.Pi / 180 // of latitude
)

type point [3]float64 // on the unit sphere

func onSphere(p agents.Position) point {
	sinLat, cosLat := math.Sincos(p.Latitude * math.Pi / 180)
	sinLon, cosLon := math.Sincos(p.Longitude * math.Pi / 180)
	return point{cosLat * cosLon, cosLat * sinLon, sinLat}
}

func (a point) chord2(b point) float64 {
	x, y, z := a[0]-b[0], a[1]-b[1], a[2]-b[2]
	return x*x + y*y + z*z
}

// kmOf is the great-circle distance of a squared chord: 2 asin(c/2), by its
// series where that is exact to the last metre's millionth.
func kmOf(chord2 float64) float64 {
	if chord2 < 0.01 {
		return earthKm * math.Sqrt(chord2) * (1 + chord2*(1./24+chord2*(3./640+chord2*5./7168)))
	}
	return 2 * earthKm * math.Asin(min(1, math.Sqrt(chord2)/2))
}

// roadKm is the distance by road between two firms.
func (r *Region) roadKm(a, b int32) float32 {
	if a == b {
		return 0
	}
	return float32(kmOf(r.points[a].chord2(r.points[b])) * r.Scenario.Transport.RoadFactor)
}

// zoneOf is the cell of a position in a grid of zone_km.
func (r *Region) zoneOf(p agents.Position) int32 {
	km := r.Scenario.Region.ZoneKm
	row := math.Floor((p.Latitude + 90) * kmPerDegree / km)
	lat := (row+0.5)*km/kmPerDegree - 90
	col := math.Floor((p.Longitude + 180) * kmPerDegree * max(0.01, math.Cos(lat*math.Pi/180)) / km)
	return int32(row)<<16 | int32(col)
}

// zoneKm is the road distance between the middles of two firms' zones.
func (r *Region) zoneKm(a, b int32) float32 {
	if r.Firms[a].Zone == r.Firms[b].Zone {
		return 0
	}
	return float32(kmOf(r.zonePoints[a].chord2(r.zonePoints[b])) * r.Scenario.Transport.RoadFactor)
}

func (r *Region) zoneMiddle(z int32) agents.Position {
	km := r.Scenario.Region.ZoneKm
	lat := (float64(z>>16)+0.5)*km/kmPerDegree - 90
	lon := (float64(z&0xffff)+0.5)*km/(kmPerDegree*max(0.01, math.Cos(lat*math.Pi/180))) - 180
	return agents.Position{Latitude: lat, Longitude: lon}
}

// A tree is a k-d tree over points of the unit sphere, in place: the middle of
// a range splits it along the axis of its depth. A region is flat enough for two
// of the three.
type tree struct {
	points []located
	axes   [2]int // along which they lie widest
}

// located is a firm, or something that it has, at the firm's point.
type located struct {
	id, firm int32
	at       point
}

// newTree is a tree of things that firms have.
func (r *Region) newTree(ids []int32, firm func(int32) int32) tree {
	t := tree{points: make([]located, len(ids))}
	lo, hi := point{1, 1, 1}, point{-1, -1, -1}
	for i, id := range ids {
		f := firm(id)
		t.points[i] = located{id, f, r.points[f]}
		for axis, x := range r.points[f] {
			lo[axis], hi[axis] = min(lo[axis], x), max(hi[axis], x)
		}
	}
	wide := []int{0, 1, 2}
	slices.SortStableFunc(wide, func(a, b int) int { return cmp.Compare(hi[b]-lo[b], hi[a]-lo[a]) })
	t.axes = [2]int(wide)
	t.split(t.points, 0)
	return t
}

// split orders a range of a tree around its middle, and both halves.
func (t *tree) split(points []located, depth int) {
	for len(points) > 1 {
		m := len(points) / 2
		divide(points, m, t.axes[depth%2])
		depth++
		t.split(points[:m], depth)
		points = points[m+1:]
	}
}

// divide puts the m-th by position on the axis, ties by id, in its place and
// those before it before it (Hoare's selection).
func divide(t []located, m, axis int) {
	for lo, hi := 0, len(t)-1; lo < hi; {
		pivot := t[(lo+hi)/2]
		i, j := lo, hi
		for i <= j {
			for t[i].before(&pivot, axis) {
				i++
			}
			for pivot.before(&t[j], axis) {
				j--
			}
			if i <= j {
				t[i], t[j] = t[j], t[i]
				i, j = i+1, j-1
			}
		}
		if m <= j {
			hi = j
		} else if m >= i {
			lo = i
		} else {
			return
		}
	}
}

func (a *located) before(b *located, axis int) bool {
	return a.at[axis] < b.at[axis] || a.at[axis] == b.at[axis] && a.id < b.id
}

// A neighbour is something near, with the squared chord to it.
type neighbour struct {
	id     int32
	chord2 float64
}

// nearer is the order of neighbours, ties by id.
func (a neighbour) nearer(b neighbour) bool {
	return a.chord2 < b.chord2 || a.chord2 == b.chord2 && a.id < b.id
}

func (a neighbour) compare(b neighbour) int {
	switch {
	case a.nearer(b):
		return -1
	case b.nearer(a):
		return 1
	}
	return 0
}

// nearest is the at most n points nearest to p that lie beyond a neighbour and
// whose firms pass keep, nearest first, ties by id, in the memory of heap.
func (t tree) nearest(p point, n int, beyond neighbour, keep func(firm int32) bool, heap []neighbour) []neighbour {
	s := search{t, p, n, beyond, keep, heap[:0], math.Inf(1)}
	s.visit(0, len(t.points), 0)
	slices.SortFunc(s.best, neighbour.compare)
	return s.best
}

// anywhere is nearer to a point than anything is: all lies beyond it.
var anywhere = neighbour{chord2: -1}

// A search looks for the n points nearest to p that lie beyond a neighbour and
// whose firms pass keep.
type search struct {
	tree
	p      point
	n      int
	beyond neighbour
	keep   func(firm int32) bool
	best   []neighbour // so far; max-heap
	worst  float64     // squared chord of the worst of n
}

// visit looks at a range of the tree at some depth, first at the half where p
// is; a short one is gone through.
func (s *search) visit(lo, hi, depth int) {
	const short = 24
	for hi-lo > short {
		m := (lo + hi) / 2
		axis := s.axes[depth%2]
		d := s.p[axis] - s.points[m].at[axis]
		depth++
		s.look(m, m+1)
		if d > 0 {
			s.visit(m+1, hi, depth)
			hi = m
		} else {
			s.visit(lo, m, depth)
			lo = m + 1
		}
		if d*d > s.worst {
			return
		}
	}
	s.look(lo, hi)
}

// look takes points of a range among the best if they are some of them.
func (s *search) look(lo, hi int) {
	for i := lo; i < hi; i++ {
		x := &s.points[i]
		q := neighbour{x.id, s.p.chord2(x.at)}
		if q.chord2 > s.worst || !s.beyond.nearer(q) {
			continue
		}
		switch {
		case len(s.best) < s.n:
			if s.keep(x.firm) {
				s.best = push(s.best, q)
			}
		case q.nearer(s.best[0]) && s.keep(x.firm):
			s.best[0] = q
			sift(s.best)
		}
		if len(s.best) == s.n {
			s.worst = s.best[0].chord2
		}
	}
}

func push(h []neighbour, q neighbour) []neighbour {
	h = append(h, q)
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if h[i].nearer(h[up]) {
			break
		}
		h[up], h[i] = h[i], h[up]
		i = up
	}
	return h
}

func sift(h []neighbour) {
	for i := 0; ; {
		c := 2*i + 1
		if c >= len(h) {
			return
		}
		if c+1 < len(h) && h[c].nearer(h[c+1]) {
			c++
		}
		if h[c].nearer(h[i]) {
			return
		}
		h[i], h[c] = h[c], h[i]
		i = c
	}
}

// A supplier is a lot that may serve a firm, with the distances by road: the
// true one, and between the middles of their zones.
type supplier struct {
	lot, firm  int32
	km, zoneKm float32
}

// suppliers is the lots of a kind that a tier lets serve a firm, nearest first,
// as far as they were needed so far: the same in every regime.
type suppliers struct {
	list  []supplier
	whole bool // there are no more
}

// unserved stands for what serves a firm that knows nobody of use.
var unserved = suppliers{whole: true}

// suppliers is the n nearest lots of kind k that fit firm f and may lend in the
// market's tier, or more; fewer if there are no more. They are found at first
// need and kept; regimes that need them at the same time find the same.
func (r *Region) suppliers(m *market, f int32, k int16, n int) []supplier {
	kept := &m.tier.near.found[int(f)*len(r.kinds)+int(k)]
	s := kept.Load()
	switch {
	case s != nil && (n <= len(s.list) || s.whole):
		return s.list
	case m.tier.partners:
		s = r.acquainted(m, f, k)
	case s != nil:
		s = r.near(m, f, k, max(n, 2*len(s.list)), s.list)
	default:
		s = r.near(m, f, k, max(n, 32), nil)
	}
	kept.Store(s)
	return s.list
}

// acquainted is the suppliers among the firm's partners.
func (r *Region) acquainted(m *market, f int32, k int16) *suppliers {
	t := m.tier
	m.listed = m.listed[:0]
	for _, p := range r.partners[f] {
		if lot := r.owns(p.firm, k); lot != agents.None && t.lends[lot] && p.km <= t.radius[r.kinds[k].mobility] && r.pairFits(f, p.firm, k) {
			m.listed = append(m.listed, supplier{lot, p.firm, p.km, r.zoneKm(f, p.firm)})
		}
	}
	if len(m.listed) == 0 {
		return &unserved
	}
	return &suppliers{slices.Clone(m.listed), true}
}

// near is the n nearest suppliers in the region; found are the first of them,
// known already.
func (r *Region) near(m *market, f int32, k int16, n int, found []supplier) *suppliers {
	last := anywhere
	if len(found) > 0 {
		s := &found[len(found)-1]
		last = neighbour{s.lot, r.points[f].chord2(r.points[s.firm])}
	}
	keep := func(g int32) bool { return g != f && r.pairFits(f, g, k) }
	m.found = m.tier.near.trees[k].nearest(r.points[f], n-len(found), last, keep, m.found)
	s := suppliers{make([]supplier, len(found), len(found)+len(m.found)), len(found)+len(m.found) < n}
	copy(s.list, found)
	for _, q := range m.found {
		g := r.lots[q.id].firm
		s.list = append(s.list, supplier{q.id, g, r.roadKm(f, g), r.zoneKm(f, g)})
	}
	return &s
}

// pairFits is the latent fit of two firms' work in a kind.
func (r *Region) pairFits(a, b int32, k int16) bool {
	share := r.kinds[k].match
	return share >= 1 || r.source.Uniform(rng.Fit, rng.Pair(uint64(min(a, b)), uint64(max(a, b))), r.kinds[k].name) < share
}

// curve is the place of a position on a curve that fills the map and keeps what
// is near together (Morton's order).
func curve(p agents.Position) (z uint32) {
	row, column := uint32((p.Latitude+90)/180*(1<<15)), uint32((p.Longitude+180)/360*(1<<16))
	for b := range 16 {
		z |= row>>b&1<<(2*b+1) | column>>b&1<<(2*b)
	}
	return z
}

// locate puts the firms and the middles of their zones on the sphere.
func (r *Region) locate() {
	r.points = make([]point, len(r.Firms))
	r.zonePoints = make([]point, len(r.Firms))
	for f := range r.Firms {
		r.points[f] = onSphere(r.Firms[f].At)
		r.zonePoints[f] = onSphere(r.zoneMiddle(r.Firms[f].Zone))
	}
}

// indexLots makes search trees of the lots that lend, by kind.
func (r *Region) indexLots(lends []bool) []tree {
	byKind := make([][]int32, len(r.kinds))
	for i, l := range r.lots {
		if lends[i] {
			byKind[l.kind] = append(byKind[l.kind], int32(i))
		}
	}
	trees := make([]tree, len(r.kinds))
	for k := range trees {
		trees[k] = r.newTree(byKind[k], func(lot int32) int32 { return r.lots[lot].firm })
	}
	return trees
}

// A partner is a firm that another knows, with the road distance.
type partner struct {
	firm int32
	km   float32
}

// drawPartners makes the directed list of firms that each firm knows: those of
// the scenario, of the table of firms, or drawn by proximity and sector.
func (r *Region) drawPartners() {
	sc := r.Scenario
	r.partners = make([][]partner, len(r.Firms))
	know := func(a, b int32) {
		if a != b && !slices.ContainsFunc(r.partners[a], func(p partner) bool { return p.firm == b }) {
			r.partners[a] = append(r.partners[a], partner{b, r.roadKm(a, b)})
		}
	}
	for _, p := range sc.Region.Partners {
		know(int32(p[0]-1), int32(p[1]-1))
	}
	explicit := len(sc.Region.Partners) > 0
	for f, row := range sc.Firms {
		for _, g := range row.Partners {
			explicit = true
			know(int32(f), int32(g))
		}
	}
	if explicit || sc.Region.PartnersMean == 0 {
		return
	}
	src := r.populationSource()
	all := make([]int32, len(r.Firms))
	bySector := make([][]int32, max(1, len(r.SectorNames)))
	for f := range r.Firms {
		all[f] = int32(f)
		bySector[r.Firms[f].Sector] = append(bySector[r.Firms[f].Sector], int32(f))
	}
	itself := func(f int32) int32 { return f }
	everyone := r.newTree(all, itself)
	sectors := make([]tree, len(bySector))
	for s := range sectors {
		sectors[s] = r.newTree(bySector[s], itself)
	}
	var pools [2]acquaintances // among everyone, and in the own sector
	for f := range r.Firms {
		pools[0].found, pools[1].found = false, false
		n := agents.Poisson(src.Uniform(rng.PartnerOf, uint64(f), 0), sc.Region.PartnersMean)
		for i := range n {
			draw := src.Stream(rng.PartnerOf, uint64(f), uint64(i+1))
			p, t := &pools[0], everyone
			if draw.Float64() < sc.Region.PartnerSector {
				p, t = &pools[1], sectors[r.Firms[f].Sector]
			}
			if !p.found {
				p.find(r, int32(f), t)
			}
			u := draw.Float64() * p.total
			for j, q := range p.firms {
				if u -= p.weights[j]; u < 0 {
					know(int32(f), q.id)
					break
				}
			}
		}
		slices.SortFunc(r.partners[f], func(a, b partner) int { return cmp.Or(cmp.Compare(a.km, b.km), cmp.Compare(a.firm, b.firm)) })
	}
}

// acquaintances is whom a firm may come to know: the nearest firms, with the
// weights at which they are drawn.
type acquaintances struct {
	firms   []neighbour
	weights []float64
	total   float64
	found   bool
}

// find looks for them among the firms of a tree.
func (a *acquaintances) find(r *Region, f int32, t tree) {
	const most = 64
	a.firms = t.nearest(r.points[f], most, anywhere, func(g int32) bool { return g != f }, a.firms)
	a.weights, a.total, a.found = a.weights[:0], 0, true
	for _, q := range a.firms {
		w := math.Exp(-kmOf(q.chord2) * r.Scenario.Transport.RoadFactor / r.Scenario.Region.PartnerKm)
		a.weights = append(a.weights, w)
		a.total += w
	}
}
