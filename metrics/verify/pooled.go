package verify

// PooledLoss is the mean of the hours that each of so many firms loses a day if
// all share their hours: firms alike, with capacity for whole hours a day and
// Poisson demand of the given mean, of which a share is one draw common to all
// (Eppen 1979). What is not done on the day is lost.
func PooledLoss(firms int, mean, common float64, capacity int) float64 {
	return commonExcess(firms, mean, common, capacity)
}
