// Whether a team of threads is worth waiting for.
#pragma once

namespace fastgd {

// Where other programs keep the processors busy, a team ends when its last member has got one: some
// milliseconds, for the sake of some microseconds of work. Then the calling thread goes on alone
// for a while, and tries again. Times are in seconds.
class TeamWorth {
  public:
    // At the time `now`.
    bool pays(double now) const { return now >= alone_until_; }

    // What the calling thread of a team of so many worked, and waited for the others.
    void record(int members, double worked, double waited, double now);

    // Further waiting of the calling thread in the midst of the team's work.
    void wait_inside(double seconds) { inside_ += seconds; }
    double take_inside();

  private:
    // sums in which each team weighs three quarters of the next
    double worked_ = 0.0;
    double waited_ = 0.0;
    double inside_ = 0.0;
    double alone_until_ = 0.0;
    double pause_ = shortest_pause;

    // what is lost by less is not worth a thought: threads take as long to begin
    static constexpr double least_loss = 1e-3;
    static constexpr double shortest_pause = 10e-3;
    static constexpr double longest_pause = 320e-3;
};

}  // namespace fastgd
