package io.weir.scheduling;

/**
 * How much there is to do. Asked by one thread, about once a second.
 */
interface LoopLoad {

	/**
	 * The part of the time since the last call in which a loop ran.
	 * @return 0 to 1
	 */
	double busy(EventLoop loop);

	/**
	 * Processors that nobody has used since the last call.
	 * @return at most the number of processors; 0 if unknown
	 */
	double spareProcessors();

}
