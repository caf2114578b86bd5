/** Joins the widget to a storefront in the browser. */

export interface JoinOptions {
  /** Sends an operation to the shop API with the shopper's session, and returns its `data`. */
  query(document: string, variables?: object): Promise<object>;
  /** Shows the basket, which has the offer now. */
  onTaken(order: { id: string; code: string }): void;
  /** Shows why the offer is not in the basket. */
  onRefused(refused: { code: string; message: string }): void;
  /** The widget's setting `consent`; absent: that of the plugin's options. */
  consent?: string;
}
export interface Joined {
  /** Tell the widget again who is logged in: call it after a login or logout. */
  identify(): Promise<void>;
  /** Name the widget's session to the active order: call it when the checkout begins. */
  link(): Promise<void>;
}
export function joinTactful(options: JoinOptions): Promise<Joined>;
