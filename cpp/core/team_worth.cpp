#include "team_worth.hpp"

#include <algorithm>
#include <utility>

namespace fastgd {

double TeamWorth::take_inside() { return std::exchange(inside_, 0.0); }

void TeamWorth::record(int members, double worked, double waited, double now) {
    worked_ = 0.75 * worked_ + worked;
    waited_ = 0.75 * waited_ + waited;
    // alone, it would have had the others' share too, about as much each
    if (waited_ <= (members - 1) * worked_) {
        pause_ = shortest_pause;
        return;
    }
    if (waited_ < least_loss) return;
    alone_until_ = now + pause_;
    pause_ = std::min(2.0 * pause_, longest_pause);
    worked_ = 0.0;
    waited_ = 0.0;
}

}  // namespace fastgd
