package namespace

import "runtime"

// onOwnThread runs f on a thread that is thrown away afterwards, so that no
// other goroutine ever finds itself in the wrong namespace.
func onOwnThread(f func() error) error {
	done := make(chan error)
	go func() {
		// Never unlocked: the thread ends with this goroutine.
		runtime.LockOSThread()
		done <- f()
	}()
	return <-done
}
